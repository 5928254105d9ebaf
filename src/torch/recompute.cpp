#include "torch/recompute.h"

#include "torch/torch_backend.h"

namespace daclip {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Run = std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& side)>;

// A leaf with the same values, whose gradient is the part's.
torch::Tensor as_leaf(const torch::Tensor& x) { return x.detach().requires_grad_(x.requires_grad()); }

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  static torch::Tensor forward(AutogradContext* context, const std::shared_ptr<Run>& run, const torch::Tensor& x,
                               const torch::Tensor& side) {
    context->save_for_backward({x, side});
    context->saved_data["run"] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(run));
    return (*run)(x, side);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto holder = context->saved_data["run"].toCapsule();
    const Run& run = *static_cast<const Holder&>(*holder).run;
    const torch::Tensor x = as_leaf(saved[0]);
    const torch::Tensor side = as_leaf(saved[1]);
    {
      const torch::AutoGradMode enabled(true);
      torch::autograd::backward({run(x, side)}, {gradients[0]});
    }
    return {torch::Tensor(), x.grad(), side.grad()};
  }

 private:
  struct Holder : torch::CustomClassHolder {
    explicit Holder(std::shared_ptr<Run> held) : run(std::move(held)) {}
    std::shared_ptr<Run> run;
  };
};

}  // namespace

Tensor recompute(const std::function<Tensor(const Tensor& x, const Tensor& side)>& block, const Tensor& x,
                 const Tensor& side) {
  const bool alone = !side.defined();
  const auto run = std::make_shared<Run>([block, alone](const torch::Tensor& a, const torch::Tensor& b) {
    return TorchBackend::tensor(block(TorchBackend::wrap(a), alone ? Tensor() : TorchBackend::wrap(b)));
  });
  const torch::Tensor& in = TorchBackend::tensor(x);  // autograd takes no absent tensor
  const torch::Tensor other = alone ? torch::empty({0}, in.options()) : TorchBackend::tensor(side);
  return TorchBackend::wrap(Recompute::apply(run, in, other));
}

}  // namespace daclip
