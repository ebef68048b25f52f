namespace Orleans.Runtime;

/// <summary>What can be called through the cluster.</summary>
public interface IAddressable;
