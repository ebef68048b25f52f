// Matrix products y[T, N] = x[T, K] · W[N, K]^T for 17 to 64 rows on Hopper's warpgroup products: the bits of skinny.cu and wide.cu.
//
// Tokens are the M side (64, of which T count), R weight rows the N side, one chain of k16 products over K. A fifth warp has the copy engine bring both operands, in boxes as large as
// may be, into a ring in shared memory, from where the products read them; the weights from before the kernel in front has ended.
//
// Macros: R = weight rows of a block: 16, 32, 48, 64, 96, 128, 176, 192, 224 or 256; BOX = rows of a box of weights, a multiple of 8 that divides R (R / 2 where rows are paired) and, for bf16 and
// qkv, the rows of every matrix but the last (n0, n1; D / 2); FP8 = 1: KV pages of e4m3. sm_90a.
// Needs: K % 16 == 0, every N % 8 == 0 (paired: N % 8 == 0 and R counts both sides), 16-byte aligned pointers.
// x and every w are tensor maps, swizzled by 128 bytes: x [T, K] with boxes of 64 columns and 64 rows, w [N, K] with boxes of 64 columns and BOX rows.
//   broad_f32 (x, w, float* y, rows, n, k)                                y[T, N] f32
//   broad_add (x, w, float* h, rows, n, k)                                h[T, N] += product, f32
//   broad_bf16(x, w0, w1, w2, y0, y1, y2, rows, n0, n1, n2, k)            up to three products of one x; n1, n2 may be 0 (any map will do for them)
//   broad_relu(x, w, const float* bias, y, rows, n, k)                    y = bf16(max(0, bf16(product) + bias))
//   broad_swiglu(x, gate, up, y, rows, n, k)                              y = bf16(silu(bf16(gate product)) * bf16(up product))
//   broad_qkv(x, wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, rows, heads, kvHeads, dim, k)    as skinny_qkv
// Launch: block 160, grid = min(ceil(all rows / R), SMs); all rows and the choice of R as for wide.cu.
//   stage = (R <= 64 ? 2 : 1) * 128 * (R + 64); dynamic shared = 1024 + (204800 / stage) * stage + 8192.
#define PRODUCT_N R
#include "hopper.cuh"
#include "skinny.cuh"

#define XR 64

#define THREADS 128
#define BLOCKS (R <= 64 ? 2 : 1)
#define STAGE_K (64 * BLOCKS)
#define BLOCK_BYTES (128 * (R + XR))
#define STAGE_BYTES (BLOCKS * BLOCK_BYTES)
#define COUNT (204800 / STAGE_BYTES)
#define GROUPS (R / 8)

// The ring: a stage is BLOCKS times [R weight rows][128 bytes] and [XR rows of x][128 bytes], 64 k each, swizzled as the products expect. Where rows are paired, the high sides follow
// all the low ones.
struct Ring
{
    u32 base, full, empty;
    int slot, parity;

    __device__ __forceinline__ u32 block(int i) const { return base + slot * STAGE_BYTES + i * BLOCK_BYTES; }
    __device__ __forceinline__ u32 filled() const { return full + slot * 8; }

    __device__ __forceinline__ void advance()
    {
        slot++;
        if (slot == COUNT)
        {
            slot = 0;
            parity ^= 1;
        }
    }
};

// Has the copy engine fetch the weights of a stage (one thread); `tile` may lie beyond the last.
template <class OUT>
__device__ __forceinline__ void fetch_weights(const Ring& ring, const OUT& out, const TensorMap* w0, const TensorMap* w1, const TensorMap* w2, int tile, int at, u64 policy)
{
    constexpr int SIDE = R / OUT::NT, BOXES = SIDE / BOX;
    const int first = tile * (SIDE / 8), left = (out.tiles() - first + BOX / 8 - 1) / (BOX / 8), boxes = left < 0 ? 0 : left < BOXES ? left : BOXES;
    expect_bytes(ring.filled(), BLOCKS * 128 * (boxes * OUT::NT * BOX + XR));
    for (int box = 0; box < boxes; box++)
    {
#pragma unroll
        for (int side = 0; side < OUT::NT; side++)
        {
            const int2 place = out.place(first + box * (BOX / 8), side);
#pragma unroll
            for (int i = 0; i < BLOCKS; i++)
            {
                copy_box(ring.block(i) + (side * SIDE + box * BOX) * 128, place.x == 0 ? w0 : place.x == 1 ? w1 : w2, at + i * 64, place.y, ring.filled(), policy);
            }
        }
    }
}

__device__ __forceinline__ void fetch_input(const Ring& ring, const TensorMap* x, int at)
{
#pragma unroll
    for (int i = 0; i < BLOCKS; i++)
    {
        copy_box(ring.block(i) + R * 128, x, at + i * 64, 0, ring.filled());
    }
}

// One thread of the fifth warp. The first stages' weights do not wait for the kernel in front.
template <class OUT>
__device__ __forceinline__ void stream(Ring ring, const OUT& out, const TensorMap* x, const TensorMap* w0, const TensorMap* w1, const TensorMap* w2, int k)
{
    const u64 policy = once_policy();
    const int tiles = (out.tiles() * OUT::NT + GROUPS - 1) / GROUPS, stages = (k + STAGE_K - 1) / STAGE_K;
    const int rounds = (tiles - (int)blockIdx.x + (int)gridDim.x - 1) / (int)gridDim.x, all = rounds * stages, early = all < COUNT ? all : COUNT;
    Ring inputs = ring;
    int tile = blockIdx.x, at = 0;
    for (int i = 0; i < early; i++)
    {
        fetch_weights(ring, out, w0, w1, w2, tile, at, policy);
        ring.advance();
        at += STAGE_K;
        if (at >= k)
        {
            at = 0;
            tile += gridDim.x;
        }
    }

    wait_for_previous_kernel();
    publish_global();
    int from = 0;
    for (int i = 0; i < all; i++)
    {
        if (i >= early)
        {
            wait_barrier(ring.empty + ring.slot * 8, ring.parity ^ 1);
            fetch_weights(ring, out, w0, w1, w2, tile, at, policy);
            ring.advance();
            at += STAGE_K;
            if (at >= k)
            {
                at = 0;
                tile += gridDim.x;
            }
        }

        fetch_input(inputs, x, from);
        inputs.advance();
        from = from + STAGE_K >= k ? 0 : from + STAGE_K;
    }
}

template <class OUT>
__device__ __forceinline__ void multiply(Ring ring, const OUT& out, int rows, int k)
{
    constexpr int PER_TILE = GROUPS / OUT::NT;
    const int tiles = (out.tiles() + PER_TILE - 1) / PER_TILE, stages = (k + STAGE_K - 1) / STAGE_K;
    const int lane = threadIdx.x % 32, first = threadIdx.x / 32 * 16 + lane / 4;
    const auto release = [&](int slot)
    {
        if (lane == 0)
        {
            arrive(ring.empty + slot * 8);
        }
    };

    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x)
    {
        float acc[R / 2];
#pragma unroll
        for (int i = 0; i < R / 2; i++)
        {
            acc[i] = 0.0f;
        }

        int before = -1;
        for (int stage = 0; stage < stages; stage++)
        {
            wait_barrier(ring.filled(), ring.parity);
            begin_products();
#pragma unroll
            for (int i = 0; i < STAGE_K / 16; i++)
            {
                const u32 block = ring.block(i / 4) + i % 4 * 32;
                product_wide(acc, matrix_descriptor(block + R * 128, 16, 1024), matrix_descriptor(block, 16, 1024));
            }

            commit_products();
            wait_products<1>();
            if (before >= 0)
            {
                release(before);
            }

            before = ring.slot;
            ring.advance();
        }

        wait_products<0>();
        release(before);
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            const int token = first + half * 8;
            if (token < rows)
            {
#pragma unroll
                for (int group = 0; group < PER_TILE; group++)
                {
                    const int index = tile * PER_TILE + group;
                    if (index < out.tiles())
                    {
                        constexpr int HIGH = OUT::NT == 2 ? 4 * PER_TILE : 0;
                        const int low = 4 * group + 2 * half;
                        const float v[4] = {acc[low], acc[low + 1], acc[HIGH + low], acc[HIGH + low + 1]};
                        out.store(index, token, lane % 4 * 2, v);
                    }
                }
            }
        }
    }
}

template <class OUT>
__device__ __forceinline__ void broad_product(const OUT& out, const TensorMap* x, const TensorMap* w0, const TensorMap* w1, const TensorMap* w2, int rows, int k)
{
    const u32 shared = shared_address(shared_memory), base = (shared + 1023) & ~1023u;
    const u32 barriers = base + COUNT * STAGE_BYTES;
    if (threadIdx.x == 0)
    {
        for (int i = 0; i < COUNT; i++)
        {
            init_barrier(barriers + i * 8, 1);
            init_barrier(barriers + (COUNT + i) * 8, 4);
        }

        publish_barriers();
    }

    __syncthreads();
    let_next_kernel_start();
    const Ring ring{base, barriers, barriers + COUNT * 8, 0, 0};
    if (threadIdx.x == THREADS)
    {
        stream(ring, out, x, w0, w1, w2, k);
    }
    else if (threadIdx.x < THREADS)
    {
        wait_for_previous_kernel();
        multiply(ring, out, rows, k);
    }
}

#define BROAD_KERNEL extern "C" __global__ void __launch_bounds__(THREADS + 32, 1)
#define MAP const __grid_constant__ TensorMap

BROAD_KERNEL broad_f32(MAP x, MAP w, float* y, int rows, int n, int k) { broad_product(ToF32{nullptr, y, n}, &x, &w, &w, &w, rows, k); }

BROAD_KERNEL broad_add(MAP x, MAP w, float* h, int rows, int n, int k) { broad_product(AddF32{nullptr, h, n}, &x, &w, &w, &w, rows, k); }

BROAD_KERNEL broad_bf16(MAP x, MAP w0, MAP w1, MAP w2, bf16* y0, bf16* y1, bf16* y2, int rows, int n0, int n1, int n2, int k)
{
    broad_product(ToBf16{nullptr, nullptr, nullptr, y0, y1, y2, n0, n1, n2}, &x, &w0, &w1, &w2, rows, k);
}

BROAD_KERNEL broad_relu(MAP x, MAP w, const float* bias, bf16* y, int rows, int n, int k) { broad_product(ToRelu{nullptr, bias, y, n}, &x, &w, &w, &w, rows, k); }

BROAD_KERNEL broad_swiglu(MAP x, MAP gate, MAP up, bf16* y, int rows, int n, int k) { broad_product(ToSwiglu{nullptr, nullptr, y, n}, &x, &gate, &up, &up, rows, k); }

BROAD_KERNEL broad_qkv(MAP x, MAP wq, MAP wk, MAP wv, bf16* q, void* keys, void* values, const float* angles, const int* positions, const int* rowPageTable, const int* pageIds,
                     int rows, int heads, int kvHeads, int dim, int k)
{
    broad_product(ToPages{nullptr, nullptr, nullptr, q, keys, values, angles, positions, rowPageTable, pageIds, heads, kvHeads, dim}, &x, &wq, &wk, &wv, rows, k);
}
