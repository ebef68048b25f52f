// Half-split rotation of one pair (a, b) = (x[j], x[j + D/2]). cos and sin come from the table of rope_angles and hold the attention factor already.
#pragma once
#include "common.cuh"

__device__ __forceinline__ void rotate(float& a, float& b, float cosine, float sine)
{
    const float x = a;
    a = __fmaf_rn(x, cosine, -__fmul_rn(b, sine));
    b = __fmaf_rn(b, cosine, __fmul_rn(x, sine));
}
