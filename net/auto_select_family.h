#pragma once

// Whether connect() tries all addresses of a host, and how soon the next one, if its options do not
// say so. For the whole process; any thread may ask and set. [6.20]

namespace sprocket::net {

bool getDefaultAutoSelectFamily() noexcept;  // true, unless set
void setDefaultAutoSelectFamily(bool on) noexcept;

// In milliseconds: 250, unless set. Less than 10 counts as 10. What is not positive and finite is
// refused with an ArgumentError.
double getDefaultAutoSelectFamilyAttemptTimeout() noexcept;
void setDefaultAutoSelectFamilyAttemptTimeout(double milliseconds);

// The time as it counts; throws as above.
double checkedAttemptTimeout(double milliseconds);

}  // namespace sprocket::net
