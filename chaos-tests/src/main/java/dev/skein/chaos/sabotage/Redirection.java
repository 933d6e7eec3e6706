package dev.skein.chaos.sabotage;

/// Calls of one method within one class that go to a static method of [Flaws] instead, which gets
/// the receiver as its first parameter. A method reference is no call.
///
/// @param in the binary name of the class with the calls
/// @param owner the binary name of the type that the calls name
/// @param method the called method, in all its overloads
/// @param to the name of the method that is called instead
record Redirection(String in, String owner, String method, String to) {}
