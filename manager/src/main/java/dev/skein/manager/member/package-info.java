/// Who is a manager: joining and leaving the Raft group, and following the roles that users set.
@NullMarked
package dev.skein.manager.member;

import org.jspecify.annotations.NullMarked;
