extension PlainCommand {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    switch self {
    case .run(let options): try RunCommand.execute(options, world)
    case .check(let options): try options.execute(world)
    case .permit(let options): try options.execute(world)
    case .report(let options): try options.execute(world)
    case .wait(let options): try options.execute(world)
    case .get(let options): try options.execute(world)
    }
  }
}
