namespace OrleansLM.Engine.Backends;

/// <summary>
/// The paged keys and values of one layer. Page p of the keys is <c>[G, PageTokens, D]</c> at element p · G · PageTokens · D of <paramref name="Keys"/>
/// and likewise for the values; position t of a sequence lies in entry t / PageTokens of its page table, row t % PageTokens. Keys are stored rotated.
/// </summary>
/// <param name="Keys">[PageCount, G, PageTokens, D]</param>
/// <param name="Values">[PageCount, G, PageTokens, D]</param>
/// <param name="PageCount">Pages of the pool.</param>
/// <param name="PageTokens">P: tokens per page; also the block at which attention is cut, so it is part of the reduction order (promise 2).</param>
/// <param name="KeyValueHeads">G.</param>
/// <param name="HeadDim">D.</param>
public sealed record KeyValueLayer(DeviceBuffer Keys, DeviceBuffer Values, int PageCount, int PageTokens, int KeyValueHeads, int HeadDim);
