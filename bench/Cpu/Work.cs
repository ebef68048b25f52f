namespace OrleansLM.Cpu;

/// <summary>What a call cannot do without.</summary>
/// <param name="Bytes">Read from memory; 0: they do not matter.</param>
/// <param name="Operations">Floating-point operations, two for a multiply-add.</param>
internal readonly record struct Work(double Bytes, double Operations);
