import Testing

@testable import DiagFormats

@Suite("Secrets in the configuration of storage")
struct StorageSecretMaskTests {
    private func masked(_ text: String) -> String {
        String(decoding: StorageSecretMask.masking(Array(text.utf8)), as: UTF8.self)
    }

    @Test("Keys, passwords and reservation keys are masked, and nothing else is")
    func secrets() {
        #expect(
            masked(
                """
                node.session.auth.username = alice
                node.session.auth.password = s3cret word
                node.session.timeo.replacement_timeout = 120
                \treservation_key 0xabcdef01
                \tpath_grouping_policy group_by_prio
                {"hosts": [{"hostnqn": "nqn.2014-08.org:x", "dhchap_key": "DHHC-1:00:abc=:",
                  "port": 4420, "tls_key":"NVMeTLSkey-1:01:def:"}]}
                --transport=tcp --dhchap-secret=DHHC-1:01:ghi: -S DHHC-1:02:jkl: -a 192.0.2.1
                data UUID=12 /etc/keys/data.key luks,discard,keyfile-size=64
                token UUID=13 "pkcs11:token=x;pin-value=1234" luks

                """)
                    == """
                    node.session.auth.username = alice
                    node.session.auth.password = [masked]
                    node.session.timeo.replacement_timeout = 120
                    \treservation_key [masked]
                    \tpath_grouping_policy group_by_prio
                    {"hosts": [{"hostnqn": "nqn.2014-08.org:x", "dhchap_key": "[masked]",
                      "port": 4420, "tls_key":"[masked]"}]}
                    --transport=tcp --dhchap-secret=[masked] -S [masked] -a 192.0.2.1
                    data UUID=12 /etc/keys/data.key luks,discard,keyfile-size=64
                    token UUID=13 "pkcs11:token=[masked]" luks

                    """)
    }

    @Test("However a line is cut, no part of its secret is left")
    func cut() {
        let text = #"{"dhchap_key": "DHHC-1:QQQQ", "x": "NVMeTLSkey-1:QQQ", "psk": "QQQ"}"#
        let bytes = Array(text.utf8)
        for length in 0...bytes.count {
            #expect(!StorageSecretMask.masking(Array(bytes[..<length])).contains(0x51))
        }
    }
}
