#pragma once

#include "tests/support/message.hpp"

/// The statement must throw the kind of error with this text and, on its last line, the line of the macro.
#define CHECK_ERROR(Kind, statement, text) \
  CHECK(message_of<Kind>([&] { static_cast<void>(statement); }) == at_line(text, __FILE__, __LINE__))
