#pragma once

#include <vips/vips.h>

// The fundamental types and class accesses of GObject are function-like macros, which Swift does not see.

static inline GType vignette_type_int(void) { return G_TYPE_INT; }
static inline GType vignette_type_boolean(void) { return G_TYPE_BOOLEAN; }
static inline GType vignette_type_double(void) { return G_TYPE_DOUBLE; }
static inline GType vignette_type_string(void) { return G_TYPE_STRING; }

// g_object_set_property only warns about a name that does not exist.
static inline gboolean vignette_has_property(void *object, const char *name) {
    return g_object_class_find_property(G_OBJECT_GET_CLASS(object), name) != NULL;
}

static inline int vignette_getpoint(VipsImage *image, double **values, int *count, int x, int y) {
    return vips_getpoint(image, values, count, x, y, NULL);
}
