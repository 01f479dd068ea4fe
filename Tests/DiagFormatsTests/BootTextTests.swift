import DiagFormats
import Testing

struct KernelCommandLineTests {
    @Test("Quotes hold a value or a whole parameter together")
    func quotes() {
        let line = KernelCommandLine(
            parsing: "root=/dev/sda1 quiet dyndbg=\"file a.c +p\" \"x y=z w\" a=b=c -- init\n")
        #expect(
            line.parameters.map(\.name) == ["root", "quiet", "dyndbg", "x y", "a", "--", "init"])
        #expect(
            line.parameters.map(\.value)
                == ["/dev/sda1", nil, "file a.c +p", "z w", "b=c", nil, nil])
        #expect(line.maskedCount == 0)
    }

    @Test("Dashes and underscores of a name are the same")
    func names() {
        let line = KernelCommandLine(parsing: "crash-kernel=1 crash_kernel=2 crash-kernel")
        #expect(line.values(of: "crash_kernel") == ["1", "2"])
    }

    @Test(
        "Odd lines are taken as they come", arguments: ["", "\"", "\"\"", "=", "a=\"", "\" \" \""])
    func odd(text: String) {
        #expect(KernelCommandLine(parsing: text).maskedCount == 0)
    }
}

struct SecretMaskTests {
    static let lines: [(String, String)] = [
        ("password root hunter2", "password [masked]"),
        ("  password_pbkdf2 root grub.pbkdf2.sha512.10000.AA.BB", "  password_pbkdf2 [masked]"),
        ("cat <<E; password root x", "cat <<E; password [masked]"),
        ("GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.AA.BB", "GRUB2_PASSWORD=[masked]"),
        ("root  grub.pbkdf2.sha512.10000.AA.BB", "root  [masked]"),
        ("MENU MASTER PASSWD $4$abc$defghijkl$", "MENU MASTER PASSWD [masked]"),
        ("x $6$salt$abcdefghijk y", "x [masked] y"),
        (
            "linux /vmlinuz rd.iscsi.password=abc quiet",
            "linux /vmlinuz rd.iscsi.password=[masked] quiet"
        ),
        (
            "A=\"quiet rd.iscsi.in.password=abc\" B=1",
            "A=\"quiet rd.iscsi.in.password=[masked]\" B=1"
        ),
        ("x.secret=\"two words\" y", "x.secret=\"[masked]\" y"),
        ("set_password='a b' c", "set_password='[masked]' c"),
        ("inst.rootpw=abc", "inst.rootpw=[masked]"),
        ("systemd.set_credential=a:b ro", "systemd.set_credential=[masked] ro"),
        ("ks=https://me:pw@host/ks.cfg", "ks=https://me:[masked]@host/ks.cfg"),
        ("netroot=iscsi:me:pw:u:p@192.0.2.1::::iqn", "netroot=iscsi:me:[masked]@192.0.2.1::::iqn"),
        ("password=", "password="),
        ("kernel.x.password = \"a\", \"b\"", "kernel.x.password = [masked]"),
        ("if [ $token = x ]", "if [ $token = [masked]"),
        ("root=cifs://user:p@hunter2@server/s ro", "root=cifs://user:[masked]@server/s ro"),
        ("netroot=iscsi:u:p@hunter2@10.0.0.1", "netroot=iscsi:u:[masked]@10.0.0.1"),
        ("root=cifs://user:p=x;y@server/s", "root=cifs://user:[masked]@server/s"),
        ("ks=https://me:pw@host/ks@2.cfg", "ks=https://me:[masked]@host/ks@2.cfg"),
        ("ks=https://host:443/ks@2.cfg", "ks=https://host:443/ks@2.cfg"),
        ("a.api_key=x b", "a.api_key=[masked] b"), ("api-key=x", "api-key=[masked]"),
        ("S3_ACCESS_KEY=x", "S3_ACCESS_KEY=[masked]"), ("private_key=x", "private_key=[masked]"),
        ("net.wpa=x", "net.wpa=[masked]"), ("wep0=x", "wep0=[masked]"),
        ("wifi.key=x", "wifi.key=[masked]"), ("wlan-key=x", "wlan-key=[masked]"),
        ("rd.luks.key=/key:UUID=1 ro", "rd.luks.key=[masked] ro"),
        ("hotkey=x sweep=y keymap=us", "hotkey=x sweep=y keymap=us"),
        ("root=UUID=1 console=ttyS0,115200n8", "root=UUID=1 console=ttyS0,115200n8"),
        ("$prefix/$root/$x", "$prefix/$root/$x"),
        ("url=http://host:80/x", "url=http://host:80/x"),
        ("cryptomount -u 1a2b -p hunter2", "cryptomount -u 1a2b -p [masked]"),
        ("cryptomount -p 'a b' hd0", "cryptomount -p '[masked]' hd0"),
        ("search -p x; cryptomount -a", "search -p x; cryptomount -a"),
        ("cc:{password: abc, ssh_pwauth: true}", "cc:{password: [masked], ssh_pwauth: true}"),
        ("{\"password\":\"a b\", \"x\": 1}", "{\"password\":\"[masked]\", \"x\": 1}"),
        ("  hashed_passwd: 'x' # y", "  hashed_passwd: '[masked]' # y"),
        ("token:", "token:"), ("chpasswd: {expire: false}", "chpasswd: {expire: false}"),
        ("FTP=\"me:pw@host\"", "FTP=\"me:[masked]@host\""),
        ("root@host:/srv server:/export@2", "root@host:/srv server:/export@2"),
    ]

    @Test("Secrets are masked, and nothing else", arguments: lines)
    func line(text: String, masked: String) {
        var mask = SecretMask()
        #expect(mask.line(text) == masked)
        #expect(mask.maskedCount == (text == masked ? 0 : 1))
    }

    @Test("A line that goes on after a backslash is masked to its end")
    func continuation() {
        var mask = SecretMask()
        let text = "a\npassword root \\\n  hunter2\nb\n"
        #expect(
            String(decoding: mask.text(Array(text.utf8)), as: UTF8.self)
                == "a\npassword [masked]\n[masked]\nb\n")
        #expect(mask.maskedCount == 2)
    }

    @Test("Bytes that are not UTF-8 are kept")
    func bytes() {
        var mask = SecretMask()
        #expect(mask.text([0xFF, 0x0A, 0x20, 0xC3]) == [0xFF, 0x0A, 0x20, 0xC3])
    }
}

struct BootLoaderEntryTests {
    @Test("An entry is read whole, with the options of several lines")
    func entry() {
        let entry = BootLoaderEntry(
            parsing: """
                # comment
                title    Fedora Linux
                version  6.11.4
                machine-id 0123456789abcdef0123456789abcdef
                linux    /vmlinuz-6.11.4
                initrd   /initramfs-6.11.4.img $tuned_initrd
                options  root=UUID=1 ro
                options\tluks.password=x
                grub_users $grub_users
                architecture x64
                broken
                """)
        #expect(entry.title == "Fedora Linux")
        #expect(entry.version == "6.11.4")
        #expect(entry.machineID == "0123456789abcdef0123456789abcdef")
        #expect(entry.linux == "/vmlinuz-6.11.4")
        #expect(entry.initrds == ["/initramfs-6.11.4.img", "$tuned_initrd"])
        #expect(entry.options == "root=UUID=1 ro luks.password=[masked]")
        #expect(entry.architecture == "x64")
        #expect(entry.efi == nil && entry.deviceTree == nil && entry.sortKey == nil)
    }
}

struct GRUBEnvironmentTests {
    static let block: [UInt8] = {
        let text = "# GRUB Environment Block\nsaved_entry=gnulinux\nnext_entry=a\\\\b\\\nc\n"
        return Array(text.utf8) + [UInt8](repeating: 0x23, count: 1024 - text.utf8.count)
    }()

    @Test("Variables are read with their escapes")
    func variables() throws {
        let environment = try GRUBEnvironment(parsing: Self.block)
        #expect(environment.variables == ["saved_entry": "gnulinux", "next_entry": "a\\b\nc"])
    }

    @Test("A block without its signature is an error", arguments: 0..<25)
    func truncated(length: Int) {
        #expect(throws: FormatError.self) {
            try GRUBEnvironment(parsing: Array(Self.block.prefix(length)))
        }
    }
}
