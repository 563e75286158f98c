/// What becomes of the standard output of a shell text that runs beside the command.
package enum ShellOutput {
  /// It joins cb's standard error.
  case toStandardError
  /// The last bytes, so many at most, of standard output and standard error together; nothing is shown.
  case tail(Int)
  /// The first line of standard output without its end, so many bytes at most; standard error is cb's.
  case firstLine(Int)
}
