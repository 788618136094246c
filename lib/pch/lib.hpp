// What most sources of this folder include, compiled once: reading it again and again would be a third of the time that
// building takes. Each source includes what it needs all the same; a build with -Db_pch=false shows what is missing,
// and is the one for ccache.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <source_location>
#include <string>
#include <utility>
#include <vector>
