// libcurl's setopt and getinfo are variadic, which Swift cannot call: one typed wrapper per kind of argument.
#ifndef VIGNETTE_CCURL_SHIM_H
#define VIGNETTE_CCURL_SHIM_H

#include <curl/curl.h>
#include <pthread.h>
#include <sys/socket.h>

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLMcode ccurl_set_multi_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_string(CURL *easy, CURLINFO info, const char **value) {
    char *found = NULL;
    CURLcode code = curl_easy_getinfo(easy, info, &found);
    *value = found;
    return code;
}
static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value) {
    char *found = NULL;
    CURLcode code = curl_easy_getinfo(easy, info, &found);
    *value = found;
    return code;
}

typedef size_t (*ccurl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_bytes_callback(CURL *easy, CURLoption option, ccurl_bytes_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}

typedef curl_socket_t (*ccurl_socket_callback)(void *context, curlsocktype purpose, struct curl_sockaddr *address);
static inline CURLcode ccurl_set_socket_callback(CURL *easy, ccurl_socket_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
}

typedef int (*ccurl_before_request_callback)(
    void *context, char *remoteAddress, char *localAddress, int remotePort, int localPort);
static inline CURLcode ccurl_set_before_request_callback(CURL *easy, ccurl_before_request_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

// `addr` is declared as a plain sockaddr and stands for a longer one: a Swift copy of the field would cut IPv6 off.
static inline const struct sockaddr *ccurl_address(const struct curl_sockaddr *address) {
    return &address->addr;
}

// glibc declares it under _GNU_SOURCE only, which an importing Swift module cannot set.
extern int pthread_setname_np(pthread_t thread, const char *name);
static inline int ccurl_name_thread(pthread_t thread, const char *name) {
    return pthread_setname_np(thread, name);
}

#endif
