#include "sprocket/platform/outcomes.h"

namespace sprocket::platform {

Tellers::~Tellers() {
  for (List* list : {&quiet_, &outcomes_, &telling_}) {
    while (Teller* teller = list->popFront()) delete teller;
  }
}

void Tellers::tellLater(Teller& teller) {
  teller.unlink();
  outcomes_.pushBack(teller);
}

// One round only. What handlers cause here is told in the next wait(), so that a chain of failures
// cannot hold up the rest of the loop. What one throws leaves the others in the list.
void Tellers::tell() {
  telling_.spliceBack(outcomes_);
  while (Teller* teller = telling_.popFront()) {
    quiet_.pushBack(*teller);
    teller->tellOutcome();
  }
}

void Tellers::closeAll() {
  List all;
  for (List* list : {&quiet_, &outcomes_, &telling_}) all.spliceBack(*list);
  while (Teller* teller = all.popFront()) {
    quiet_.pushBack(*teller);
    teller->close();
  }
}

}  // namespace sprocket::platform
