#include "common/err.h"
#include "mudgen/certs.h"
#include "mudgen/mudgen.h"
#include "mudgen/rules_docs.h"

/* RFC 9525 s6.3: the common name is no host name; GnuTLS would take it where there is nothing else.
 */
static bool has_host_names(gnutls_x509_crt_t cert)
{
    for (unsigned i = 0;; i++) {
        char text[256];
        size_t size = sizeof(text);
        int type = gnutls_x509_crt_get_subject_alt_name(cert, i, text, &size, NULL);
        if (type == GNUTLS_SAN_DNSNAME)
            return true;
        if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
            return false;
    }
}

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
    cert_check_key(chain.items[0], AT_FILE(path), NULL, diags);
    if (!has_host_names(chain.items[0])) {
        diag_add(diags, &rule_tls_host, AT_FILE(path), NULL,
                 "a certificate without subject alternative names");
        fine = false;
    } else if (gnutls_x509_crt_check_hostname(chain.items[0], host) == 0) {
        diag_add(diags, &rule_tls_host, AT_FILE(path), NULL, "not a certificate for %s", host);
        fine = false;
    }
    if (!fine)
        return ERR_CONFIG;
    for (size_t i = 0; i < SHA256_LEN; i++)
        ret[i] = spki[i];
    return ERR_OK;
}
