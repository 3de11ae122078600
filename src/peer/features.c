/* SPDX-License-Identifier: Apache-2.0 */
/* What the library offers by now. A command or option that needs more answers "unsupported";
   whoever adds the feature to the library turns its line here. */
#include "peer.h"

static const bool built[] = {
    [FEATURE_BASE] = true, [FEATURE_DEPLOY] = true, [FEATURE_ROUTERS] = true,
    [FEATURE_TLS] = true,  [FEATURE_JVM] = false,
};

bool feature_built(feature f) { return built[f]; }
