internal import DiagFormats
internal import DiagModel

/// What a boot loader starts when nobody touches its menu.
struct LoaderDefaults: Encodable, Hashable {
    /// One entry of a menu.
    struct Entry: Encodable, Hashable {
        /// `grub`, `systemd-boot`, `bls` or `zipl`.
        var loader: String
        /// The file that it stands in.
        var source: String
        var title: String?
        /// What the default refers to it by.
        var identifier: String?
        var kernel: String?
        var initramfs: [String]
        /// The kernel's parameters, secrets masked.
        var options: String?
    }

    /// How the running command line differs from the default entry's.
    struct Difference: Encodable, Hashable {
        /// The file of the default entry.
        var source: String
        /// Parameters of the running line that the default entry lacks.
        var onlyRunning: [String]
        /// Parameters of the default entry that the running line lacks.
        var onlyDefault: [String]
        var runningRoot: String?
        var defaultRoot: String?
    }

    /// GRUB's setting, `GRUB_DEFAULT` of /etc/default/grub.
    var grubDefault: String?
    /// GRUB's `saved_entry`.
    var savedEntry: String?
    /// The pattern in loader.conf, or what the firmware's variable names in its place.
    var systemdBootDefault: String?
    /// How many entries the menus have.
    var entryCount: Int
    /// The entry that is started; none when it cannot be told.
    var entry: Entry?

    /// Works it out from the copied configuration and systemd-boot's variables.
    init?(_ result: LoaderConfiguration.Result, texts: [String: String], efi: EFIDocument?) {
        let boot = result.entries.map { file in
            Entry(
                loader: "bls", source: file.path, title: file.entry.title,
                identifier: Self.identifier(file.path), kernel: file.entry.linux ?? file.entry.efi,
                initramfs: file.entry.initrds, options: file.entry.options)
        }
        let isSystemdBoot = efi?.loader["LoaderInfo"]?.first?.hasPrefix("systemd-boot") == true
        let loaderConfiguration = texts.first { $0.key.hasSuffix("/loader/loader.conf") }
        let grub = texts.filter { $0.key.hasSuffix("/grub.cfg") && $0.key.hasPrefix("/boot/grub") }
            .min { $0.key < $1.key }
        grubDefault = texts["/etc/default/grub"].flatMap {
            Self.assignment("GRUB_DEFAULT", in: $0)
        }
        savedEntry =
            result.environments.sorted { $0.key < $1.key }
            .lazy.compactMap { $0.value["saved_entry"] }.first
        systemdBootDefault =
            efi?.loader["LoaderEntryDefault"]?.first
            ?? loaderConfiguration.flatMap { Self.word("default", in: $0.value) }
        if isSystemdBoot || grub == nil && loaderConfiguration != nil {
            entryCount = boot.count
            // The newest comes first in the menu of systemd-boot, and is taken without a default.
            let sorted = boot.sorted {
                NaturalOrder.precedes($1.identifier ?? "", $0.identifier ?? "")
            }
            if let pattern = systemdBootDefault {
                entry = sorted.first { entry in
                    Self.matches(entry.identifier ?? "", pattern: pattern)
                        || Self.matches((entry.identifier ?? "") + ".conf", pattern: pattern)
                }
            } else if boot.count == 1 {
                entry = boot.first
            }
            entry?.loader = "systemd-boot"
        } else if let grub {
            let menu = GRUBMenu(parsing: grub.value)
            let entries = menu.entries.map {
                Entry(
                    loader: "grub", source: grub.key, title: $0.title, identifier: $0.identifier,
                    kernel: $0.kernel, initramfs: $0.initramfs,
                    options: $0.options.map { KernelCommandLine(parsing: $0).text })
            }
            let all = entries.isEmpty ? boot : entries
            entryCount = all.count
            var wanted = menu.defaultEntry ?? grubDefault
            if wanted == nil || wanted == "saved" || wanted?.contains("${saved_entry}") == true {
                wanted = savedEntry ?? "0"
            }
            if let index = menu.index(of: wanted ?? "0") {
                entry = entries[index]
            } else {
                entry = boot.first { $0.identifier == wanted }
            }
        } else if let zipl = texts["/etc/zipl.conf"] {
            let found = Self.zipl(zipl)
            entryCount = found.count
            let name = Self.assignment("default", in: zipl)
            entry = found.first { $0.identifier == name }
        } else {
            guard !boot.isEmpty || grubDefault != nil else { return nil }
            entryCount = boot.count
            entry = boot.count == 1 ? boot.first : nil
        }
    }

    /// Compares the running command line with the default entry's.
    func difference(from running: KernelCommandLine?) -> Difference? {
        guard let running, let entry, let options = entry.options else { return nil }
        let other = KernelCommandLine(parsing: options)
        // The loader itself adds these.
        func texts(_ line: KernelCommandLine) -> [String] {
            line.parameters.filter { !["BOOT_IMAGE", "initrd"].contains($0.name) }
                .map { $0.name + ($0.value.map { "=" + $0 } ?? "") }
        }
        // GRUB's variables are not filled in here: nothing can be compared then.
        guard !options.contains("$") else { return nil }
        let (left, right) = (texts(running), texts(other))
        return Difference(
            source: entry.source, onlyRunning: left.filter { !right.contains($0) },
            onlyDefault: right.filter { !left.contains($0) },
            runningRoot: running.values(of: "root").last, defaultRoot: other.values(of: "root").last
        )
    }

    private static func identifier(_ path: String) -> String? {
        path.split(separator: "/").last.map { name in
            String(name.hasSuffix(".conf") ? name.dropLast(5) : name)
        }
    }

    /// The value of the last `name=value` line, without quotes.
    private static func assignment(_ name: String, in text: String) -> String? {
        var value: String?
        for line in text.split(separator: "\n") {
            let pair = line.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, trimmed(pair[0]) == name else { continue }
            value = trimmed(pair[1])
        }
        return value
    }

    /// What follows the word `name` at a line's start.
    private static func word(_ name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            if words.count >= 2, words[0] == name { return String(words[1]) }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, " \t\"'".contains(first) { text.removeFirst() }
        while let last = text.last, " \t\"'\r".contains(last) { text.removeLast() }
        return String(text)
    }

    /// Whether `text` fits a pattern whose `*` stands for anything and `?` for one character.
    static func matches(_ text: String, pattern: String) -> Bool {
        let (text, pattern) = (Array(text.utf8), Array(pattern.utf8))
        var (at, place) = (0, 0)
        var (star, mark): (Int?, Int) = (nil, 0)
        while at < text.count {
            if place < pattern.count, pattern[place] == 0x3F || pattern[place] == text[at] {
                at += 1
                place += 1
            } else if place < pattern.count, pattern[place] == 0x2A {
                star = place
                mark = at
                place += 1
            } else if let star {
                place = star + 1
                mark += 1
                at = mark
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == 0x2A }
    }

    /// The sections of zipl.conf that start a kernel. Source: zipl.conf(5).
    private static func zipl(_ text: String) -> [Entry] {
        var entries = [Entry]()
        for line in text.split(separator: "\n").prefix(10_000) {
            let line = trimmed(line)
            if line.hasPrefix("["), line.hasSuffix("]") {
                entries.append(
                    Entry(
                        loader: "zipl", source: "/etc/zipl.conf", title: nil,
                        identifier: String(line.dropFirst().dropLast()), initramfs: []))
                continue
            }
            let pair = line.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, !entries.isEmpty else { continue }
            let value = trimmed(pair[1])
            // An address may follow the name of the file.
            let file = value.split(separator: ",").first.map(String.init)
            switch trimmed(pair[0]) {
            case "image": entries[entries.count - 1].kernel = file
            case "ramdisk": entries[entries.count - 1].initramfs = [file].compactMap(\.self)
            case "parameters":
                entries[entries.count - 1].options = KernelCommandLine(parsing: value).text
            default: break
            }
        }
        return entries.filter { $0.kernel != nil }
    }
}
