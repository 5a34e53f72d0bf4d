// Empty: the compiler takes functions without a body, such as nanotime, only where there is a file like this.
