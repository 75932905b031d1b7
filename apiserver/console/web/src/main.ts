import { mount } from 'svelte'
import App from './App.svelte'
import './app.css'
import { i18n } from './i18n/index.svelte'
import { follow, place } from './lib/router.svelte'
import { visitor } from './lib/session.svelte'

window.addEventListener('popstate', place.refresh)
document.addEventListener('click', follow)
await Promise.all([i18n.begin(), visitor.begin()])
mount(App, { target: document.getElementById('app')! })
