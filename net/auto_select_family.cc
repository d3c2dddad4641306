#include "sprocket/net/auto_select_family.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "sprocket/net/errors.h"

namespace sprocket::net {
namespace {

std::atomic<bool> isOn = true;
std::atomic<double> attemptTimeout = 250;

}  // namespace

bool getDefaultAutoSelectFamily() noexcept { return isOn; }
void setDefaultAutoSelectFamily(bool on) noexcept { isOn = on; }

double getDefaultAutoSelectFamilyAttemptTimeout() noexcept { return attemptTimeout; }
void setDefaultAutoSelectFamilyAttemptTimeout(double milliseconds) {
  attemptTimeout = checkedAttemptTimeout(milliseconds);
}

double checkedAttemptTimeout(double milliseconds) {
  constexpr double least = 10;
  if (!(milliseconds > 0) || std::isinf(milliseconds)) throwBadAttemptTimeout(milliseconds);
  return std::max(milliseconds, least);
}

}  // namespace sprocket::net
