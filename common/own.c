#include "common/own.h"

#include <stdlib.h>

void own_free_ptr(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}
