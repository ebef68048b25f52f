namespace OrleansLM.Engine.Backends;

/// <summary>The recurrent states of one SUPRA layer, one slot a sequence, always fp32 (spec §3.5).</summary>
/// <param name="States">[SlotCount, H, D, D]: state S of spec §3.4, rows are key dimensions, columns value dimensions.</param>
/// <param name="SlotCount">Sequences that have room.</param>
/// <param name="Heads">H.</param>
/// <param name="HeadDim">D.</param>
public sealed record RecurrentLayer(DeviceBuffer States, int SlotCount, int Heads, int HeadDim);
