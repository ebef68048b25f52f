namespace Orleans.Runtime.Activations;

internal enum ActivationState : byte
{
    /// <summary>Being entered in the directory, or in OnActivateAsync: requests wait.</summary>
    Activating,
    Valid,

    /// <summary>New requests wait, and go to the next activation; running ones end first.</summary>
    Deactivating,

    /// <summary>Gone.</summary>
    Invalid,
}
