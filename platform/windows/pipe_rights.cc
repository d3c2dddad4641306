#include "sprocket/platform/windows/pipe_rights.h"

#include <sddl.h>

#include <cstddef>
#include <string>
#include <vector>

#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {
namespace {

// In the language of security descriptors. Empty if it cannot be had.
std::wstring currentUser() {
  HANDLE opened = nullptr;
  if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &opened)) return {};
  const Handle token(opened);
  DWORD size = 0;
  ::GetTokenInformation(token.get(), TokenUser, nullptr, 0, &size);
  std::vector<std::byte> room(size);
  if (!::GetTokenInformation(token.get(), TokenUser, room.data(), size, &size)) return {};
  wchar_t* text = nullptr;
  const auto* user = reinterpret_cast<const TOKEN_USER*>(room.data());
  if (!::ConvertSidToStringSidW(user->User.Sid, &text)) return {};
  const std::unique_ptr<wchar_t, LocalDeleter> owned(text);
  return text;
}

}  // namespace

SecurityDescriptor pipeRights(const ListenOptions& options) {
  const std::wstring user = currentUser();
  if (user.empty()) return nullptr;
  std::wstring text = L"D:P(A;;GA;;;" + user + L")";
  // What opening for reading, and for writing, ask for: FILE_GENERIC_READ and the right to change
  // the mode; FILE_GENERIC_WRITE less the right to make instances.
  if (options.readableAll) text += L"(A;;0x00120189;;;WD)";
  if (options.writableAll) text += L"(A;;0x00120192;;;WD)";
  PSECURITY_DESCRIPTOR made = nullptr;
  if (!::ConvertStringSecurityDescriptorToSecurityDescriptorW(text.c_str(), SDDL_REVISION_1, &made,
                                                              nullptr)) {
    return nullptr;
  }
  return SecurityDescriptor(made);
}

}  // namespace sprocket::platform
