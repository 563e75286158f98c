/* What Swift cannot import of jansson: its inline json_decref, and flags that are macros with casts. */
#include <jansson.h>

static inline void json_decref_function(json_t *node) { json_decref(node); }

static inline char *cjansson_dump_pretty(const json_t *node) { return json_dumps(node, JSON_INDENT(2) | JSON_PRESERVE_ORDER); }
