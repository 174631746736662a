// Opens both builds of the emulated driver as a program would, and looks for its symbols.
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include <dlfcn.h>

int main(int, char** arguments) {
  for (int which = 1; which <= 2; ++which) {
    void* const library = dlopen(arguments[which], RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      std::puts(dlerror());
      return 1;
    }
    for (const char* name : {"cuInit", "cuCtxCreate_v2", "cuModuleLoadDataEx", "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2",
                             "cuStreamSynchronize", "cuEventRecord", "cuLaunchKernel", "main"}) {
      const bool wanted = std::strcmp(name, "main") != 0 && (which == 1 || std::strcmp(name, "cuLaunchKernel") != 0);
      if ((dlsym(library, name) != nullptr) != wanted) {
        std::printf("%s: %s %s\n", arguments[which], wanted ? "lacks" : "has", name);
        return 1;
      }
    }
  }
  return 0;
}
