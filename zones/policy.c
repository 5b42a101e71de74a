/* The built-in DNSSEC policy, and the words of the inventory's enumerations. */
#include "zones/zones.h"

#define HOUR 3600u
#define DAY  86400u

/* The defaults of mudzone-inventory.yang again, for zones that name no policy; a test compares. */
#define STANDARD                                                                                   \
    .algorithm = 13, .single_key = false, .denial = DENIAL_NSEC, .ksk_lifetime_s = 0,              \
    .zsk_lifetime_s = 90 * DAY, .signature_validity_s = 30 * DAY, .signature_refresh_s = 16 * DAY, \
    .signature_jitter_s = 12 * HOUR, .serial = SERIAL_UNIXTIME, .cds = CDS_ROLLOVER,               \
    .zonemd = true, .propagation_delay_s = HOUR, .parent_propagation_delay_s = HOUR,               \
    .parent_ds_ttl_s = DAY, .dnskey_ttl_s = HOUR

const struct dnssec_policy dnssec_policy_standard = {.name = "standard", STANDARD};
/* The times of the standard one are those of the way out of DNSSEC. */
const struct dnssec_policy dnssec_policy_unsigned = {
    .name = "unsigned", .is_unsigned = true, STANDARD};

const char *purpose_text(enum purpose p)
{
    switch (p) {
    case PURPOSE_FIRMWARE_UPDATE: return "firmware-update";
    case PURPOSE_CONFIGURATION: return "configuration";
    case PURPOSE_TELEMETRY: return "telemetry";
    case PURPOSE_REMOTE_CONTROL: return "remote-control";
    case PURPOSE_PUSH_NOTIFICATION: return "push-notification";
    case PURPOSE_CONNECTIVITY_CHECK: return "connectivity-check";
    case PURPOSE_TIME: return "time";
    case PURPOSE_IDENTITY: return "identity";
    case PURPOSE_MEDIA: return "media";
    case PURPOSE_ADVERTISING: return "advertising";
    case PURPOSE_ANALYTICS: return "analytics";
    case PURPOSE_SUPPORT: return "support";
    case PURPOSE_OTHER: return "other";
    case PURPOSE_COUNT: break;
    }
    return "?";
}

const char *protocol_text(enum protocol p)
{
    switch (p) {
    case PROTOCOL_TCP: return "tcp";
    case PROTOCOL_UDP: return "udp";
    case PROTOCOL_ICMP: return "icmp";
    case PROTOCOL_ANY: return "any";
    }
    return "?";
}

const char *initiator_text(enum initiator i)
{
    switch (i) {
    case INITIATOR_DEVICE: return "device";
    case INITIATOR_REMOTE: return "remote";
    case INITIATOR_ANY: return "any";
    }
    return "?";
}
