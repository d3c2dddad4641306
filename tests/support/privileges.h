#pragma once

// A process that is root may do everything, and so cannot be denied anything. While this lives it
// is somebody else; if it was not root before, nothing changes.

namespace sprocket::tests {

class WithoutPrivileges {
 public:
  WithoutPrivileges();
  ~WithoutPrivileges();
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  unsigned before_;
};

// While this lives files are made without any rights for others than their owner.
class FilesForOwnerOnly {
 public:
  FilesForOwnerOnly();
  ~FilesForOwnerOnly();
  FilesForOwnerOnly(const FilesForOwnerOnly&) = delete;
  FilesForOwnerOnly& operator=(const FilesForOwnerOnly&) = delete;

 private:
  unsigned before_;
};

}  // namespace sprocket::tests
