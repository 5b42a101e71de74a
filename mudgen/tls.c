#include "common/err.h"
#include "mudgen/certs.h"
#include "mudgen/mudgen.h"
#include "mudgen/rules_docs.h"

int tls_certificate_spki(const char *path, const char *host, int64_t now, uint8_t ret[32],
                         struct diags *diags)
{
    static const struct cert_time_rules times = {&rule_tls_expired, &rule_tls_not_yet,
                                                 &rule_tls_expires_soon};
    AUTO(certs) struct certs chain = {0};
    uint8_t spki[SHA256_LEN];
    int err = certs_read(path, &rule_tls_certificate, &chain, diags);
    if (err == ERR_OK)
        err = cert_spki_sha256(chain.items[0], spki);
    if (err != ERR_OK)
        return err;
    bool fine = cert_check_time(chain.items[0], now, &times, AT_FILE(path), NULL, diags);
    if (gnutls_x509_crt_check_hostname(chain.items[0], host) == 0) {
        diag_add(diags, &rule_tls_host, AT_FILE(path), NULL, "not a certificate for %s", host);
        fine = false;
    }
    if (!fine)
        return ERR_CONFIG;
    for (size_t i = 0; i < SHA256_LEN; i++)
        ret[i] = spki[i];
    return ERR_OK;
}
