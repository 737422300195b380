# bash completion for xen-iommu-check
_xen_iommu_check() {
  local cur prev words cword
  _init_completion || return
  local verbs='check grants watch capture explain report status'
  local options='--log --capture --image --format --json --output --color --ascii --width --diff --dump --probe --timeout --sysroot --mask --wakeup --recorder --history --state --help --version'
  case $prev in
    --log | --image | --output | --capture | --diff | --sysroot | --state)
      _filedir
      return
      ;;
    --format)
      mapfile -t COMPREPLY < <(compgen -W 'text json prometheus nagios short html' -- "$cur")
      return
      ;;
    --color)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    --wakeup)
      mapfile -t COMPREPLY < <(compgen -W 'timer virq' -- "$cur")
      return
      ;;
    --recorder)
      mapfile -t COMPREPLY < <(compgen -W 'off after-first-fault always' -- "$cur")
      return
      ;;
    --width | --timeout | --history)
      return
      ;;
    explain)
      local causes
      causes=$(xen-iommu-check explain XIC-0 2>&1 | sed -n 's/.*known are://p')
      mapfile -t COMPREPLY < <(compgen -W "$causes -" -- "$cur")
      return
      ;;
    capture)
      _filedir
      return
      ;;
    report)
      _filedir html
      return
      ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  local word
  for word in "${words[@]:1:cword-1}"; do
    [[ " $verbs " == *" $word "* ]] && return
  done
  mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
} &&
  complete -F _xen_iommu_check xen-iommu-check
