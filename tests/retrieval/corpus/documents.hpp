// Documents of files that are made in a test.
#pragma once

#include "retrieval/corpus/open_documents.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sciexam::test {

struct ReadDocuments {
  std::vector<SourceDocument> documents;
  std::vector<DroppedDocument> dropped;
  std::string format;
  std::uint64_t replaced = 0;
};

inline ReadDocuments read_documents(std::string bytes, const std::string& name = "a.txt") {
  const std::unique_ptr<DocumentReader> reader = open_documents(ByteSource::of(std::move(bytes), name));
  ReadDocuments read;
  read.format = reader->format();
  while (std::optional<DocumentReader::Result> result = reader->next())
    if (auto* const document = std::get_if<SourceDocument>(&*result))
      read.documents.push_back(std::move(*document));
    else
      read.dropped.push_back(std::get<DroppedDocument>(*result));
  read.replaced = reader->replaced();
  return read;
}

inline constexpr const char* kCirrusDump = // the older and the newer shape
    R"({"index":{"_type":"page","_id":"12"}}
{"template":["Template:X"],"content_model":"wikitext","wiki":"enwiki","title":"Anarchism","text":"Anarchism is a philosophy.","opening_text":"Opening.","namespace":0,"redirect":[{"namespace":0,"title":"Anarchist"}],"incoming_links":5,"timestamp":"2024-01-01T00:00:00Z","coordinates":[{"text":"no","title":"no"}]}
{"index": {"_index": "enwiki_content", "_id": 25}}
{"page_id": 25, "namespace": 0, "title": "Autism", "text": "", "opening_text": "Autism is \"a\" \u00e9tat.", "redirect": []}
{"index":{"_type":"_doc","_id":"39"}}
{"namespace":4,"title":"Wikipedia:About","text":"About."}
{"index":{"_type":"_doc","_id":"40"}}
{"namespace":0,"title":"Old name","text":"#REDIRECT [[New name]]"}
{"index":{"_type":"_doc","_id":"41"}}
{"namespace":0,"title":"Nothing","text":" "}
)";

} // namespace sciexam::test
