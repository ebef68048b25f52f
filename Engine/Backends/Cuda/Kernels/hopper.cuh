// Hopper's own instructions: products of a warpgroup (128 threads), tensor copies and the barriers that they complete on. sm_90a only.
#pragma once
#include "common.cuh"

struct __align__(64) TensorMap
{
    unsigned char bytes[128];
};

__device__ __forceinline__ void init_barrier(u32 barrier, int count) { asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(barrier), "r"(count) : "memory"); }

// Ordinary stores and finished copies to shared memory become visible to products and the copy engine, once a barrier has followed.
__device__ __forceinline__ void publish_shared() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Makes fresh barriers known to the copy engine.
__device__ __forceinline__ void publish_barriers() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

__device__ __forceinline__ void arrive(u32 barrier) { asm volatile("{.reg .b64 state; mbarrier.arrive.shared.b64 state, [%0];}" ::"r"(barrier) : "memory"); }

__device__ __forceinline__ void expect_bytes(u32 barrier, int bytes)
{
    asm volatile("{.reg .b64 state; mbarrier.arrive.expect_tx.shared.b64 state, [%0], %1;}" ::"r"(barrier), "r"(bytes) : "memory");
}

__device__ __forceinline__ void wait_barrier(u32 barrier, u32 parity)
{
    asm volatile("{.reg .pred done;\n"
                 "again: mbarrier.try_wait.parity.shared.b64 done, [%0], %1;\n"
                 "@done bra finished;\n"
                 "bra again;\n"
                 "finished: }" ::"r"(barrier), "r"(parity) : "memory");
}

// One box of a two-dimensional tensor map, its corner at element `column` of row `row`.
__device__ __forceinline__ void copy_box(u32 shared, const TensorMap* map, int column, int row, u32 barrier)
{
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(shared), "l"(map), "r"(column), "r"(row), "r"(barrier) : "memory");
}

// Says that bytes are read once: they are the first to leave the second-level cache.
__device__ __forceinline__ u64 once_policy()
{
    u64 policy;
    asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
    return policy;
}

// `bytes`, a multiple of 16, from global to shared memory by the copy engine; both ends 16-byte aligned.
__device__ __forceinline__ void copy_bytes(u32 shared, const void* global, int bytes, u32 barrier)
{
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(shared), "l"(global), "r"(bytes), "r"(barrier) : "memory");
}

// What earlier kernels wrote becomes visible to the copy engine.
__device__ __forceinline__ void publish_global() { asm volatile("fence.proxy.async.global;" ::: "memory"); }

// 16 bytes as copy_async, under a policy.
__device__ __forceinline__ void copy_async(u32 shared, const void* global, int bytes, u64 policy)
{
    asm volatile("cp.async.cg.shared.global.L2::cache_hint [%0], [%1], 16, %2, %3;" ::"r"(shared), "l"(global), "r"(bytes), "l"(policy) : "memory");
}

// copy_box under a policy.
__device__ __forceinline__ void copy_box(u32 shared, const TensorMap* map, int column, int row, u32 barrier, u64 policy)
{
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, {%2, %3}], [%4], %5;" ::"r"(shared), "l"(map), "r"(column), "r"(row),
                 "r"(barrier), "l"(policy)
                 : "memory");
}

// One box of a map of panels (64 columns each): its first row and panel.
__device__ __forceinline__ void copy_panels(u32 shared, const TensorMap* map, int row, int panel, u32 barrier, u64 policy)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, {%2, %3, %4}], [%5], %6;" ::"r"(shared), "l"(map), "r"(0), "r"(row),
                 "r"(panel), "r"(barrier), "l"(policy)
                 : "memory");
}

// A matrix in shared memory, swizzled by 128 bytes: start, and the distances between blocks of 64 columns (`leading`, used where rows are not the contracted dimension)
// and between groups of eight rows (`stride`), all in bytes.
__device__ __forceinline__ u64 matrix_descriptor(u32 shared, int leading, int stride)
{
    return (u64)((shared & 0x3ffff) >> 4) | (u64)(leading >> 4) << 16 | (u64)(stride >> 4) << 32 | 1ull << 62;
}

__device__ __forceinline__ void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

template <int N>
__device__ __forceinline__ void wait_products() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory"); }

template <int N>
__device__ __forceinline__ void take_registers() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N)); }

template <int N>
__device__ __forceinline__ void give_registers() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N)); }

// Operands and registers of the products below: the running sums d come first.
#define OPERANDS_8 "%0, %1, %2, %3, %4, %5, %6, %7"
#define OPERANDS_16 OPERANDS_8 ", %8, %9, %10, %11, %12, %13, %14, %15"
#define OPERANDS_24 OPERANDS_16 ", %16, %17, %18, %19, %20, %21, %22, %23"
#define OPERANDS_32 OPERANDS_24 ", %24, %25, %26, %27, %28, %29, %30, %31"
#define OPERANDS_48 OPERANDS_32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47"
#define OPERANDS_64 OPERANDS_48 ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define OPERANDS_88 OPERANDS_64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87"
#define OPERANDS_96 OPERANDS_64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define OPERANDS_112 OPERANDS_96 ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111"
#define OPERANDS_128 OPERANDS_112 ", %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#define SUMS_8(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define SUMS_16(i) SUMS_8(i), SUMS_8(i + 8)
#define SUMS_32(i) SUMS_16(i), SUMS_16(i + 16)
#define SUMS_64(i) SUMS_32(i), SUMS_32(i + 32)

// product_nN: d += A[64x16] B[16xN], A and B in shared memory with k contiguous. product_regs_nN: A in registers (as for mma.sync m16n8k16), B with n contiguous.
// d: N / 2 floats, tile j of eight columns in d[4j .. 4j + 3] as for mma.sync; d is zeroed first when accumulate is 0.
__device__ __forceinline__ void product_n8(float* d, u64 a, u64 b, int accumulate)
{
    asm volatile("{.reg .pred p; setp.ne.b32 p, %6, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%0, %1, %2, %3}, %4, %5, p, 1, 1, 0, 0;}\n"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "l"(a), "l"(b), "r"(accumulate));
}

__device__ __forceinline__ void product_n128(float* d, u64 a, u64 b, int accumulate)
{
    asm volatile("{.reg .pred p; setp.ne.b32 p, %66, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" OPERANDS_64 "}, %64, %65, p, 1, 1, 0, 0;}\n"
                 : SUMS_64(0)
                 : "l"(a), "l"(b), "r"(accumulate));
}

__device__ __forceinline__ void product_regs_n128(float* d, const u32* a, u64 b, int accumulate)
{
    asm volatile("{.reg .pred p; setp.ne.b32 p, %69, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" OPERANDS_64 "}, {%64, %65, %66, %67}, %68, p, 1, 1, 1;}\n"
                 : SUMS_64(0)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(accumulate));
}

__device__ __forceinline__ void product_regs_n64(float* d, const u32* a, u64 b, int accumulate)
{
    asm volatile("{.reg .pred p; setp.ne.b32 p, %37, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" OPERANDS_32 "}, {%32, %33, %34, %35}, %36, p, 1, 1, 1;}\n"
                 : SUMS_32(0)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(accumulate));
}

#ifdef PRODUCT_N
// d += A[64x16] B[16xPRODUCT_N], A and B in shared memory with k contiguous; d must hold numbers.
__device__ __forceinline__ void product_wide(float* d, u64 a, u64 b)
{
#if PRODUCT_N == 16
    asm volatile("wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {" OPERANDS_8 "}, %8, %9, 1, 1, 1, 0, 0;"
                 : SUMS_8(0)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 32
    asm volatile("wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {" OPERANDS_16 "}, %16, %17, 1, 1, 1, 0, 0;"
                 : SUMS_16(0)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 48
    asm volatile("wgmma.mma_async.sync.aligned.m64n48k16.f32.bf16.bf16 {" OPERANDS_24 "}, %24, %25, 1, 1, 1, 0, 0;"
                 : SUMS_16(0), SUMS_8(16)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 64
    asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" OPERANDS_32 "}, %32, %33, 1, 1, 1, 0, 0;"
                 : SUMS_32(0)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 96
    asm volatile("wgmma.mma_async.sync.aligned.m64n96k16.f32.bf16.bf16 {" OPERANDS_48 "}, %48, %49, 1, 1, 1, 0, 0;"
                 : SUMS_32(0), SUMS_16(32)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 128
    asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" OPERANDS_64 "}, %64, %65, 1, 1, 1, 0, 0;"
                 : SUMS_64(0)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 176
    asm volatile("wgmma.mma_async.sync.aligned.m64n176k16.f32.bf16.bf16 {" OPERANDS_88 "}, %88, %89, 1, 1, 1, 0, 0;"
                 : SUMS_64(0), SUMS_16(64), SUMS_8(80)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 192
    asm volatile("wgmma.mma_async.sync.aligned.m64n192k16.f32.bf16.bf16 {" OPERANDS_96 "}, %96, %97, 1, 1, 1, 0, 0;"
                 : SUMS_64(0), SUMS_32(64)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 224
    asm volatile("wgmma.mma_async.sync.aligned.m64n224k16.f32.bf16.bf16 {" OPERANDS_112 "}, %112, %113, 1, 1, 1, 0, 0;"
                 : SUMS_64(0), SUMS_32(64), SUMS_16(96)
                 : "l"(a), "l"(b));
#elif PRODUCT_N == 256
    asm volatile("wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {" OPERANDS_128 "}, %128, %129, 1, 1, 1, 0, 0;"
                 : SUMS_64(0), SUMS_64(64)
                 : "l"(a), "l"(b));
#else
#error PRODUCT_N is none of 16, 32, 48, 64, 96, 128, 176, 192, 224, 256
#endif
}
#endif
