/*
 * common/own.h -- who owns a local, said in its declaration.
 *
 * AUTO(buf) struct buf b = {0};   calls buf_done(&b) when the scope ends.
 * AUTO_PTR(zone) struct zone *z;  calls zone_free(z), which takes NULL.
 * A type takes part by DEFINE_AUTO(name) or DEFINE_AUTO_PTR(name) after its prototypes.
 * TAKE(p) hands the pointer over and leaves NULL behind.
 */
#pragma once

#include <stddef.h>

#define MUST_USE     __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* For values: struct NAME with NAME_done(struct NAME *). */
#define DEFINE_AUTO(name)                                                                          \
    static inline void name##_auto_done(struct name *p)                                            \
    {                                                                                              \
        name##_done(p);                                                                            \
    }
#define AUTO(name) __attribute__((cleanup(name##_auto_done)))

/* For handles: struct NAME * with NAME_free(struct NAME *). */
#define DEFINE_AUTO_PTR(name)                                                                      \
    static inline void name##_auto_free(struct name **p)                                           \
    {                                                                                              \
        name##_free(*p);                                                                           \
    }
#define AUTO_PTR(name) __attribute__((cleanup(name##_auto_free)))

/* Memory from malloc. */
void own_free_ptr(void *pointer_to_pointer);
#define AUTO_FREE __attribute__((cleanup(own_free_ptr)))

#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) take_ = (p);                                                                 \
        (p) = NULL;                                                                                \
        take_;                                                                                     \
    })
