// GCC's unwinder calls _dl_find_object, which glibc has had since 2.35. This replacement lets the helper start on 2.34
// too; layout and result are those of glibc's <dlfcn.h>.
#include <cstddef>

#include <dlfcn.h>
#include <link.h>

namespace {

void* pointer_to(ElfW(Addr) address) {
  return reinterpret_cast<void*>(address); // NOLINT(performance-no-int-to-ptr): headers hold numbers
}

struct Search {
  ElfW(Addr) wanted;
  dl_find_object* found;
};

int look(dl_phdr_info* object, std::size_t, void* data) {
  const auto& search = *static_cast<const Search*>(data);
  const ElfW(Phdr)* end = object->dlpi_phdr + object->dlpi_phnum, *frames = nullptr;
  bool inside = false;
  for (const ElfW(Phdr)* header = object->dlpi_phdr; header != end; ++header) {
    const ElfW(Addr) begin = object->dlpi_addr + header->p_vaddr;
    if (header->p_type == PT_GNU_EH_FRAME)
      frames = header;
    if (header->p_type != PT_LOAD || search.wanted < begin || search.wanted - begin >= header->p_memsz)
      continue;
    inside = true;
    search.found->dlfo_map_start = pointer_to(begin);
    search.found->dlfo_map_end = pointer_to(begin + header->p_memsz);
  }
  if (!inside || frames == nullptr)
    return inside ? -1 : 0;
  search.found->dlfo_eh_frame = pointer_to(object->dlpi_addr + frames->p_vaddr);
  return 1;
}

} // namespace

extern "C" __attribute__((visibility("hidden"))) int _dl_find_object(void* address, dl_find_object* found) noexcept {
  Search search{reinterpret_cast<ElfW(Addr)>(address), found};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
