namespace Orleans.Runtime.Messaging;

/// <summary>What a silo itself answers, rather than a grain.</summary>
internal interface ISystemTarget : IAddressable;
