import ArgumentParser
import Settings

/// The settings as options of a command, made from the table: `--fail-max <n>` and so on.
///
/// ArgumentParser finds the options of a type by its mirror, and gives their values through `Decodable` by the names
/// that the mirror shows; both are made from `SettingKey` here, so that no key is spelled out a second time. A test
/// parses every key of the table through it.
struct SettingOptions: ParsableArguments, CustomReflectable {
  var values: [(key: SettingKey, text: String)] = []

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in SettingKey.allCases {
      if key.isList {
        let texts = try container.decode([String].self, forKey: Key(key))
        values += texts.map { (key: key, text: $0) }
      } else if let text = try container.decodeIfPresent(String.self, forKey: Key(key)) {
        values.append((key: key, text: text))
      }
    }
  }

  var customMirror: Mirror {
    let standard = Settings()
    let children = SettingKey.allCases.map { key -> Mirror.Child in
      let row = key.row
      let value = row.value(standard)
      let help = value.people == "none" ? row.help : "\(row.help) (default: \(value.people))"
      let name = NameSpecification.customLong(key.name)
      let argument = ArgumentHelp(stringLiteral: help)
      var placed = argument
      placed.valueName = row.placeholder
      let option: Any =
        key.isList
        ? Option<[String]>(wrappedValue: [], name: name, help: placed) as Any
        : Option<String?>(name: name, help: placed) as Any
      return (label: "_" + key.name, value: option)
    }
    return Mirror(self, children: children, displayStyle: .struct)
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ key: SettingKey) { stringValue = key.name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
