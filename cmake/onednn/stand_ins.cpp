// Stand-ins for what oneDNN's matmul refers to in sources that are not built (see
// ../sources.txt): other primitives have no implementation, post-ops are refused,
// and a blocked layout, which would need zeros as padding, too.
#include "common/memory.hpp"
#include "common/primitive_exec_types.hpp"
#include "common/stream.hpp"
#include "cpu/cpu_engine.hpp"
#include "cpu/x64/gemm/gemm_info.hpp"
#include "cpu/x64/gemm/s8x8s32/jit_avx512_core_gemv_s8x8s32.hpp"
#include "cpu/x64/injectors/jit_uni_binary_injector.hpp"
#include "cpu/x64/injectors/jit_uni_postops_injector.hpp"
#include "cpu/x64/jit_gemm_inner_product_utils.hpp"

namespace dnnl {
namespace impl {

static status_t zero_pad_plain(const memory_t *memory) {
    const memory_desc_wrapper mdw(memory->md());
    if (mdw.is_zero() || !mdw.is_blocking_desc()) return status::success;
    return mdw.nelems(false) == mdw.nelems(true) ? status::success
                                                 : status::unimplemented;
}

} // namespace impl
} // namespace dnnl

dnnl::impl::status_t dnnl_stream::zero_pad(
        const dnnl::impl::memory_t *memory, const dnnl::impl::exec_ctx_t &) {
    return dnnl::impl::zero_pad_plain(memory);
}

dnnl::impl::status_t dnnl_memory::zero_pad(
        const dnnl::impl::exec_ctx_t &) const {
    return dnnl::impl::zero_pad_plain(this);
}

namespace dnnl {
namespace impl {
namespace cpu {

static const impl_list_item_t nothing[] = {nullptr};

#define NO_IMPLEMENTATION(kind) \
    const impl_list_item_t *get_##kind##_impl_list(const kind##_desc_t *) { \
        return nothing; \
    }
NO_IMPLEMENTATION(batch_normalization)
NO_IMPLEMENTATION(binary)
NO_IMPLEMENTATION(convolution)
NO_IMPLEMENTATION(deconvolution)
NO_IMPLEMENTATION(eltwise)
NO_IMPLEMENTATION(group_normalization)
NO_IMPLEMENTATION(inner_product)
NO_IMPLEMENTATION(layer_normalization)
NO_IMPLEMENTATION(lrn)
NO_IMPLEMENTATION(pooling)
NO_IMPLEMENTATION(prelu)
NO_IMPLEMENTATION(reduction)
NO_IMPLEMENTATION(resampling)
NO_IMPLEMENTATION(rnn)
NO_IMPLEMENTATION(shuffle)
NO_IMPLEMENTATION(softmax)
#undef NO_IMPLEMENTATION

const impl_list_item_t *
cpu_engine_impl_list_t::get_concat_implementation_list() {
    return nothing;
}

const impl_list_item_t *
cpu_engine_impl_list_t::get_reorder_implementation_list(
        const memory_desc_t *, const memory_desc_t *) {
    return nothing;
}

const impl_list_item_t *cpu_engine_impl_list_t::get_sum_implementation_list() {
    return nothing;
}

namespace x64 {

// Products of int8 alone have one; 0: not computed.
template <typename T>
int jump_to_gemv_s8x8s32(T *) {
    return 0;
}
template int jump_to_gemv_s8x8s32(gemm_info_t<float, float, float> *);
template int jump_to_gemv_s8x8s32(gemm_info_t<bfloat16_t, bfloat16_t, float> *);

namespace inner_product_utils {
// The caller takes its reference implementation then.
cpu::inner_product_utils::pp_kernel_t *jit_pp_kernel_create(size_t, size_t,
        dim_t, const primitive_attr_t *, data_type_t, data_type_t,
        const memory_desc_t *, bool) {
    return nullptr;
}
} // namespace inner_product_utils

namespace binary_injector {
bcast_set_t get_all_strategies_supported_by_injector() {
    return {};
}

// Made by kernels only where there is a binary post-op.
static_params_t::static_params_t(const Xbyak::Reg64 &param1,
        const bcast_set_t &strategies,
        const rhs_arg_static_params_t &rhs_arg_static_params,
        fp8_emulation_e5m2_t *, fp8_emulation_e4m3_t *)
    : param1(param1)
    , supported_strategy_set(strategies)
    , rhs_arg_static_params(rhs_arg_static_params) {}

rhs_arg_static_params_t::rhs_arg_static_params_t(std::size_t vmm,
        const Xbyak::Reg64 &address, const Xbyak::Reg64 &helper,
        const Xbyak::Reg64 &cache, bool, bool, std::size_t, std::size_t,
        const memory_desc_wrapper &dst, std::size_t tail_size,
        const Xbyak::Opmask &mask, bool)
    : rhs_dt_helper_vmm_idx(vmm)
    , rhs_addr_reg(address)
    , rhs_helper_reg(helper)
    , rhs_addr_cache_reg(cache)
    , preserve_gpr_helpers(false)
    , preserve_vmm_helper(false)
    , abi_param_offset(0)
    , dst_orig_offset(0)
    , dst_d(dst)
    , tail_size(tail_size)
    , tail_opmask(mask)
    , use_exact_tail_scalar_bcast(false)
    , is_tail(tail_size)
    , is_opmask_set_(true) {}

bool any_binary_postop_rhs_non_scalar_broadcast(
        const post_ops_t &, const memory_desc_wrapper &) {
    return false;
}
} // namespace binary_injector

namespace injector {
size_t aux_vec_count(const post_ops_t &, cpu_isa_t, bool) {
    return 0;
}

post_ops_ok_args_t::post_ops_ok_args_t(const cpu_isa_t isa,
        const std::vector<post_op_type> &accepted_post_op_types,
        const post_ops_t &post_ops, const memory_desc_wrapper *dst_d,
        const bool sum_at_pos_0_only, const bool sum_requires_scale_one,
        const bool sum_requires_zp_zero, const bool sum_requires_same_params,
        const bcast_set_t &enabled_bcast_strategy)
    : isa(isa)
    , accepted_post_op_types(accepted_post_op_types)
    , post_ops(post_ops)
    , dst_d(dst_d)
    , sum_at_pos_0_only(sum_at_pos_0_only)
    , sum_requires_scale_one(sum_requires_scale_one)
    , sum_requires_zp_zero(sum_requires_zp_zero)
    , sum_requires_same_params(sum_requires_same_params)
    , enabled_bcast_strategy(enabled_bcast_strategy) {}

bool post_ops_ok(const post_ops_ok_args_t &args) {
    return args.post_ops.len() == 0;
}

#define NO_INJECTOR(Vmm) \
    template <> \
    jit_uni_postops_injector_base_t<Vmm> * \
    jit_uni_postops_injector_base_t<Vmm>::create(jit_generator *, cpu_isa_t, \
            const post_ops_t &, const binary_injector::static_params_t &) { \
        return nullptr; \
    } \
    template <> \
    jit_uni_postops_injector_base_t<Vmm> * \
    jit_uni_postops_injector_base_t<Vmm>::create(jit_generator *, cpu_isa_t, \
            const post_ops_t &, const binary_injector::static_params_t &, \
            const eltwise_injector::static_params_t &) { \
        return nullptr; \
    }
NO_INJECTOR(Xbyak::Zmm)
NO_INJECTOR(Xbyak::Ymm)
NO_INJECTOR(Xbyak::Xmm)
#undef NO_INJECTOR
} // namespace injector

} // namespace x64
} // namespace cpu
} // namespace impl
} // namespace dnnl
