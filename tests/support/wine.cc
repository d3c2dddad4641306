#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {

bool runsUnderWine() { return false; }

}  // namespace sprocket::tests
