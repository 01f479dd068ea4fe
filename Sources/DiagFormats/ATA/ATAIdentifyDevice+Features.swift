extension ATAIdentifyDevice {
    /// The feature sets that matter to whoever looks for a fault.
    ///
    /// Source: ACS-5, section 7.13.6: words 59, 69, 76, 78 and 79, 82 to 87, 119 and 120, 169, 206.
    static func features(_ words: ATAIdentifyWords) -> [String: Feature] {
        var features = [String: Feature]()
        func add(_ name: String, _ isSupported: Bool, _ isEnabled: Bool? = nil) {
            features[name] = Feature(
                isSupported: isSupported, isEnabled: isSupported ? isEnabled : nil)
        }
        add("smart", words.supports82(0), words.enables(85, 0))
        add("security", words.supports82(1), words.enables(85, 1))
        add("powerManagement", words.supports82(3), words.enables(85, 3))
        add("volatileWriteCache", words.supports82(5), words.enables(85, 5))
        add("readLookAhead", words.supports82(6), words.enables(85, 6))
        add("hostProtectedArea", words.supports82(10), words.enables(85, 10))
        add("advancedPowerManagement", words.supports83(3), words.enables(86, 3))
        add("powerUpInStandby", words.supports83(5), words.enables(86, 5))
        add("address48Bit", words.supports83(10))
        add("flushCache", words.supports83(12))
        add("flushCacheExtended", words.supports83(13))
        add("smartErrorLogging", words.supports84(0))
        add("smartSelfTest", words.supports84(1))
        add("generalPurposeLogging", words.supports84(5))
        add("forcedUnitAccess", words.supports84(6))
        add("worldWideName", words.supports84(8))
        add("idleImmediateUnload", words.supports84(13))

        let has119 = words[119] & 0xC000 == 0x4000
        let enabled120: UInt16? = words[120] & 0xC000 == 0x4000 ? words[120] : nil
        func add119(_ name: String, _ bit: UInt16) {
            add(name, has119 && words[119] & 1 << bit != 0, enabled120.map { $0 & 1 << bit != 0 })
        }
        add119("writeReadVerify", 1)
        add119("freeFallControl", 5)
        add119("senseDataReporting", 6)
        add119("extendedPowerConditions", 7)

        let isTrim = words[169] != 0xFFFF && words[169] & 1 != 0
        add("trim", isTrim)
        add("deterministicReadAfterTrim", isTrim && words[69] & 1 << 14 != 0)
        add("readZeroesAfterTrim", isTrim && words[69] & 1 << 5 != 0)
        add("sanitize", words[59] & 1 << 12 != 0 && words[59] != 0xFFFF)

        let isSerial = words[76] != 0 && words[76] != 0xFFFF
        add("nativeCommandQueuing", isSerial && words[76] & 1 << 8 != 0)
        add("phyEventCounters", isSerial && words[76] & 1 << 10 != 0)
        func addSATA(_ name: String, _ bit: UInt16) {
            add(name, isSerial && words[78] & 1 << bit != 0, words[79] & 1 << bit != 0)
        }
        addSATA("deviceInitiatedPowerManagement", 3)
        addSATA("softwareSettingsPreservation", 6)
        addSATA("deviceSleep", 8)

        let hasSCT = words[206] != 0xFFFF && words[206] & 1 != 0
        add("sctCommandTransport", hasSCT)
        add("sctErrorRecoveryControl", hasSCT && words[206] & 1 << 3 != 0)
        add("sctFeatureControl", hasSCT && words[206] & 1 << 4 != 0)
        add("sctDataTables", hasSCT && words[206] & 1 << 5 != 0)
        return features
    }
}
