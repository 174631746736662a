// From glibc 2.38 on <cstdlib>'s strtol and strtoul have these names, which older ones lack. With them the helper
// starts on 2.34 wherever it was built. They differ in binary prefixes ("0b1"), which nobody here reads.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): glibc's names
extern "C" {

long sciexam_strtol(const char* text, char** end, int base) __asm__("strtol");
unsigned long sciexam_strtoul(const char* text, char** end, int base) __asm__("strtoul");

long __isoc23_strtol(const char* text, char** end, int base) {
  return sciexam_strtol(text, end, base);
}

unsigned long __isoc23_strtoul(const char* text, char** end, int base) {
  return sciexam_strtoul(text, end, base);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
