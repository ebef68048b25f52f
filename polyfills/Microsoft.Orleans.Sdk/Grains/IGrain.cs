using Orleans.Runtime;

namespace Orleans;

/// <summary>Base of grain interfaces; derive from one of the interfaces that say what the key is.</summary>
public interface IGrain : IAddressable;
