/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a ukko_error. Any thread. */
#ifndef UK_BASE_ERROR_H
#define UK_BASE_ERROR_H
#include <ukko/base.h>
/* Fills *err when err is not NULL; gives code back: return uk_error(err, UKKO_EPARSE, "..."). */
int uk_error(ukko_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#endif
