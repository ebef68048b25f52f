// What every fast kernel shares: bf16 bits, asynchronous copies, tensor-core products and programmatic launch. No header of the toolkit is needed:
// NVRTC compiles this with no include path. All float arithmetic that reaches a result is written with explicit rounding (__fmaf_rn, __fmul_rn, ...), so
// that no compiler may contract it one way in one kernel and another way in the next.
#pragma once

typedef unsigned short bf16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define NEG_INF __int_as_float(0xff800000)

__device__ __forceinline__ float from_bf16(u32 bits) { return __uint_as_float(bits << 16); }
__device__ __forceinline__ float low_bf16(u32 pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_bf16(u32 pair) { return __uint_as_float(pair & 0xffff0000u); }

// Two floats rounded to nearest even; `low` in the lower half.
__device__ __forceinline__ u32 pack_bf16(float low, float high)
{
    u32 pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

__device__ __forceinline__ bf16 to_bf16(float value) { return (bf16)pack_bf16(value, 0.0f); }
__device__ __forceinline__ float round_bf16(float value) { return low_bf16(pack_bf16(value, 0.0f)); }

__device__ __forceinline__ u32 shared_address(const void* pointer) { return (u32)__cvta_generic_to_shared(pointer); }

// 16 bytes from global to shared memory, past the first-level cache; zeros when `bytes` is 0.
__device__ __forceinline__ void copy_async(u32 shared, const void* global)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared), "l"(global) : "memory");
}

__device__ __forceinline__ void copy_async(u32 shared, const void* global, int bytes)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(global), "r"(bytes) : "memory");
}

__device__ __forceinline__ void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

template <int N>
__device__ __forceinline__ void wait_copies() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

__device__ __forceinline__ void load_matrix_x4(u32& a, u32& b, u32& c, u32& d, u32 shared)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "r"(shared) : "memory");
}

__device__ __forceinline__ void load_matrix_x4_transposed(u32& a, u32& b, u32& c, u32& d, u32 shared)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "r"(shared) : "memory");
}

__device__ __forceinline__ void load_matrix_x2_transposed(u32& a, u32& b, u32 shared)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];" : "=r"(a), "=r"(b) : "r"(shared) : "memory");
}

// d += A[16x16] B[16x8], f32 accumulators: d0, d1 are row lane/4, columns 2(lane%4), +1; d2, d3 the same columns of row lane/4 + 8.
__device__ __forceinline__ void multiply_add(float* d, const u32* a, u32 b0, u32 b1)
{
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// An addition that shows what the block's threads wrote before the barrier in front of it, and behind which they see what others showed so: one thread's, where a fence would be everybody's.
__device__ __forceinline__ int add_acquire_release(int* counter, int value)
{
    int old;
    asm volatile("atom.add.acq_rel.gpu.global.s32 %0, [%1], %2;" : "=r"(old) : "l"(counter), "r"(value) : "memory");
    return old;
}

// Programmatic dependent launch; both do nothing in a kernel that was launched without the attribute.
// before: nothing that an earlier kernel writes may be read, and nothing that it reads may be written, above this line.
__device__ __forceinline__ void wait_for_previous_kernel()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ __forceinline__ void let_next_kernel_start()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
