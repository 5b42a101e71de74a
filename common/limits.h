/*
 * common/limits.h -- every ceiling on foreign input, with the reason for its size.
 */
#pragma once

#define LIMIT_FINDINGS        10000u      /* more are counted, not kept: nobody reads them */
#define LIMIT_INVENTORY_BYTES (16u << 20) /* one inventory file; 10,000 models are 3 MB */
#define LIMIT_INVENTORY_FILES 1000u       /* files reached by include: a team each */
#define LIMIT_INCLUDE_DEPTH   8u          /* include of an include of …: deeper is a mistake */
#define LIMIT_INVENTORY_NODES 1000000u    /* YAML nodes of one inventory: bounds time and memory */
#define LIMIT_YAML_ALIASES    1000u       /* aliases resolved in one document: YAML bombs */
#define LIMIT_INVENTORY_VALUE 16384u      /* bytes of a value: each alias is a copy */
#define LIMIT_ZONE_BYTES      (16ull << 30) /* a zone file; ten million names are 1 GB */
#define LIMIT_ZONE_RECORDS    200000000ull  /* records of one zone */
#define LIMIT_ZONE_INCLUDES   100u          /* $INCLUDE files of one zone, where allowed */
#define LIMIT_RRSET_RDATA     65535u        /* bytes of one record's data (RFC 1035 s3.2.1) */
#define LIMIT_RRSET_RECORDS   65535u        /* records of one RRset: the count is 16 bits */
#define LIMIT_CNAME_CHAIN     16u           /* links followed; resolvers stop at 8 to 16 */
#define LIMIT_MUD_BYTES       (4u << 20)    /* a MUD file; the largest known has 200 KB */
#define LIMIT_MUD_NODES       400000u       /* JSON values of a MUD file: bounds memory */
#define LIMIT_MUD_ENTRIES     2000u         /* of one array: libyang compares each with each */
#define LIMIT_MUD_EXPLAINED   1000u /* errors of a MUD file that are looked for: bounds time */
#define LIMIT_MUD_RECHECKS    100u  /* times a MUD file with errors is validated again … */
#define LIMIT_MUD_RECHECK_BYTES                                                                    \
    (16u << 20) /* … and bytes in all, so that large ones take no minutes */
#define LIMIT_LIST_BYTES          (64u << 20)  /* a domain list */
#define LIMIT_JSON_DEPTH          64u          /* nesting of foreign JSON */
#define LIMIT_PEM_BYTES           (1u << 20)   /* certificates and keys */
#define LIMIT_CERTIFICATES        16u          /* a chain: leaf and intermediates */
#define LIMIT_ZONE_KEYS           64u          /* keys of one zone, all states together */
#define LIMIT_NSEC3_ITERATIONS    500u         /* verify refuses more: work for an attacker */
#define LIMIT_OUT_FILES           1000000u     /* files of an OUT folder that verify walks */
#define LIMIT_MANIFEST_BYTES      (256u << 20) /* manifest.json read back */
#define LIMIT_SIMULATED_EVENTS    20000u /* of one timeline; ten years of a ZSK a week are 10,000 */
#define LIMIT_OBSERVED_BYTES      (16u << 20) /* an observation file: base64 of its messages */
#define LIMIT_OBSERVED_ANSWERS    1024u       /* of one zone: servers, addresses, two transports */
#define LIMIT_OBSERVED_LINKS      300u   /* DNSKEY and DS of 127 zones above, and the parent's NS */
#define LIMIT_OBSERVED_SERVERS    32u    /* name servers of a parent; the root has 13 */
#define LIMIT_OBSERVED_ADDRESSES  8u     /* of one name server that are asked */
#define LIMIT_OBSERVED_TRIES      16u    /* signatures tried for one RRset (CVE-2023-50387) */
#define LIMIT_OBSERVED_ITERATIONS 150u   /* of NSEC3 in a proof: more is as good as unproven */
#define LIMIT_DNS_MESSAGE         65535u /* RFC 1035 s4.2.2 */
#define LIMIT_KSR_BYTES           (16u << 20) /* a request or response; ten years of a zone have 2 MB */
#define LIMIT_KSR_SETS            2000u       /* RRsets of one: three for each roll */
#define LIMIT_KSR_SLOTS           20000u      /* signatures' times in all of them */
#define LIMIT_KSR_STEPS           20000u      /* builds of a planned future */
#define LIMIT_BACKUP_COST         20u /* log2 of scrypt's N that a backup may ask for: 1 GiB of memory */
#define LIMIT_BACKUP_NAME         300u /* octets of a file's path in a backup: a folder and a name */
