#pragma once
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <nettle/version.h>

// Nettle 4.0 gives the whole digest without being asked for a length.
#if NETTLE_VERSION_MAJOR >= 4
#define DIAG_DIGEST(name, context, byte_count, digest) nettle_##name##_digest(context, digest)
#else
#define DIAG_DIGEST(name, context, byte_count, digest) \
    nettle_##name##_digest(context, byte_count, digest)
#endif

static inline void diag_sha256_end(struct sha256_ctx *context, uint8_t *digest) {
    DIAG_DIGEST(sha256, context, SHA256_DIGEST_SIZE, digest);
}

static inline void diag_sha1(const uint8_t *bytes, size_t count, uint8_t *digest) {
    struct sha1_ctx context;
    nettle_sha1_init(&context);
    nettle_sha1_update(&context, count, bytes);
    DIAG_DIGEST(sha1, &context, SHA1_DIGEST_SIZE, digest);
}

static inline void diag_sha256(const uint8_t *bytes, size_t count, uint8_t *digest) {
    struct sha256_ctx context;
    nettle_sha256_init(&context);
    nettle_sha256_update(&context, count, bytes);
    diag_sha256_end(&context, digest);
}

static inline void diag_sha384(const uint8_t *bytes, size_t count, uint8_t *digest) {
    struct sha512_ctx context;
    nettle_sha384_init(&context);
    nettle_sha512_update(&context, count, bytes);
    DIAG_DIGEST(sha384, &context, SHA384_DIGEST_SIZE, digest);
}

static inline void diag_sha512(const uint8_t *bytes, size_t count, uint8_t *digest) {
    struct sha512_ctx context;
    nettle_sha512_init(&context);
    nettle_sha512_update(&context, count, bytes);
    DIAG_DIGEST(sha512, &context, SHA512_DIGEST_SIZE, digest);
}
