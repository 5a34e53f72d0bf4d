// A list whose links are in its nodes: nothing is allocated, and a node leaves in O(1).
#pragma once

#include <cstddef>

namespace ebb::detail {

// Node has `Node* next` and `Node* previous`, which are the list's while it is in one.
template <class Node>
class intrusive_list {
 public:
  void push_back(Node& n) noexcept { insert_before(nullptr, n); }
  // At the end if `place` is null.
  void insert_before(Node* place, Node& n) noexcept {
    n.next = place;
    n.previous = place != nullptr ? place->previous : last_;
    (n.previous != nullptr ? n.previous->next : first_) = &n;
    (n.next != nullptr ? n.next->previous : last_) = &n;
    ++size_;
  }
  void remove(Node& n) noexcept {
    (n.previous != nullptr ? n.previous->next : first_) = n.next;
    (n.next != nullptr ? n.next->previous : last_) = n.previous;
    --size_;
  }
  // Leaves the nodes as they are.
  void forget() noexcept {
    first_ = last_ = nullptr;
    size_ = 0;
  }
  [[nodiscard]] Node* first() const noexcept { return first_; }
  [[nodiscard]] Node* last() const noexcept { return last_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

 private:
  Node* first_ = nullptr;
  Node* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ebb::detail
